"""Reads topics from their beginning to their end with librdkafka (confluent-kafka), as a line of JSON for each record.

read_topics.py <file of librdkafka's properties> <brokers> <topic>…
"""

import json
import sys
import uuid

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

properties, brokers, *topics = sys.argv[1:]
with open(properties) as lines:
    settings = dict(line.strip().split("=", 1) for line in lines if line.strip())
consumer = Consumer(
    settings
    | {
        "bootstrap.servers": brokers,
        "group.id": f"e2e-{uuid.uuid4()}",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
    }
)
parts = [
    TopicPartition(topic, part, OFFSET_BEGINNING)
    for topic in topics
    for part in consumer.list_topics(topic, timeout=30).topics[topic].partitions
]
consumer.assign(parts)
left = len(parts)
while left > 0:
    record = consumer.poll(30)
    if record is None:
        sys.exit("a partition did not come to its end within 30 s")
    if record.error():
        if record.error().code() != KafkaError._PARTITION_EOF:
            sys.exit(str(record.error()))
        left -= 1
        continue
    print(
        json.dumps(
            {
                "topic": record.topic(),
                "key": record.key().decode(),
                "headers": {name: value.decode() for name, value in record.headers() or []},
                "value": record.value().decode(),
            }
        )
    )
consumer.close()
