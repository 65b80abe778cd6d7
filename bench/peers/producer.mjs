// The producer of the peers, idempotent as the documentation of kafkajs sets it up.
import { CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs';

const { KAFKA_BROKERS, KAFKA_USERNAME, KAFKA_PASSWORD } = process.env;

export const kafka = new Kafka({
    clientId: 'peer',
    brokers: KAFKA_BROKERS.split(','),
    ...(KAFKA_USERNAME && { sasl: { mechanism: 'plain', username: KAFKA_USERNAME, password: KAFKA_PASSWORD } }),
    logLevel: logLevel.ERROR,
});

// A function that publishes a message and resolves when the broker has it.
//   batches: false  one producer.send for each
//   batches: true   messages that arrive while a batch is being sent form the next batch
export async function publisherTo(topic, { batches }) {
    const producer = kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    const send = (messages) => producer.send({ topic, acks: -1, compression: CompressionTypes.None, messages });
    if (!batches) return (message) => send([message]);

    let waiting = [];
    let sending = false;
    async function flush() {
        sending = true;
        while (waiting.length > 0) {
            const batch = waiting;
            waiting = [];
            try {
                await send(batch.map((each) => each.message));
                for (const each of batch) each.done();
            } catch (error) {
                for (const each of batch) each.failed(error);
            }
        }
        sending = false;
    }
    return (message) =>
        new Promise((done, failed) => {
            waiting.push({ message, done, failed });
            if (!sending) flush();
        });
}
