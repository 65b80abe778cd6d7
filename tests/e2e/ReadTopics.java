// Reads topics from their beginning to their end with Kafka's Java client, as a line of JSON for each record.
// java -cp <the broker's jars> ReadTopics.java <file of properties> <brokers> <topic>…

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

public class ReadTopics {
    public static void main(String[] arguments) throws Exception {
        var settings = new Properties();
        settings.load(new FileReader(arguments[0]));
        var login = "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\";";
        settings.put("sasl.jaas.config",
            login.formatted(settings.remove("sasl.username"), settings.remove("sasl.password")));
        settings.put("bootstrap.servers", arguments[1]);
        settings.put("enable.auto.commit", "false");
        var json = new ObjectMapper();
        var strings = new StringDeserializer();
        try (var consumer = new KafkaConsumer<String, String>(settings, strings, strings)) {
            var parts = new ArrayList<TopicPartition>();
            for (int i = 2; i < arguments.length; ++i)
                for (var part : consumer.partitionsFor(arguments[i]))
                    parts.add(new TopicPartition(part.topic(), part.partition()));
            consumer.assign(parts);
            consumer.seekToBeginning(parts);
            var ends = consumer.endOffsets(parts);
            while (parts.stream().anyMatch(part -> consumer.position(part) < ends.get(part)))
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    Map<String, String> headers = new LinkedHashMap<>();
                    for (var header : record.headers())
                        headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8));
                    System.out.println(json.writeValueAsString(Map.of("topic", record.topic(), "key", record.key(),
                        "headers", headers, "value", record.value())));
                }
        }
    }
}
