import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * java -cp 'KAFKA/*' Feed.java BROKERS [NAME=VALUE]...: sends the messages that come on stdin by Kafka's own producer, set
 * up as a Connect worker sets up its tasks' (NAME=VALUE, as a connector's producer.override.NAME), and tells on stdout
 * where each is. Ends at the end of stdin, when all are told. What both look like: feed.c.
 */
public class Feed {
    // Older than any: a broker that stamps by its own clock tells another time.
    private static final long UNSTAMPED_MS = 0;
    private static final int TOLD_BYTES = 3 * Long.BYTES;

    private final OutputStream told = new FileOutputStream(FileDescriptor.out);

    // What org.apache.kafka.connect.runtime.Worker.baseProducerConfigs (4.4.0) sets; all else is the producer's default.
    private static Map<String, Object> settings(String[] arguments) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        settings.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        settings.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, Long.MAX_VALUE);
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, false);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE);
        for (int i = 1; i < arguments.length; i++) {
            String[] pair = arguments[i].split("=", 2);
            settings.put(pair[0], pair[1]);
        }
        return settings;
    }

    private static byte[] bytes(DataInputStream in) throws IOException {
        int size = in.readInt();
        return size < 0 ? null : in.readNBytes(size);
    }

    /** Null at the end. */
    private static ProducerRecord<byte[], byte[]> next(DataInputStream in) throws IOException {
        try {
            String topic = in.readUTF();
            return new ProducerRecord<>(topic, in.readInt(), UNSTAMPED_MS, bytes(in), bytes(in));
        } catch (EOFException end) {
            return null;
        }
    }

    // On the producer's own thread. What is not told would be waited for: the reader is to see an end.
    private void tell(long number, RecordMetadata sent, Exception failure) {
        try {
            if (failure != null)
                throw failure;
            long timestamp = sent.timestamp() == UNSTAMPED_MS ? -1 : sent.timestamp();
            told.write(ByteBuffer.allocate(TOLD_BYTES).putLong(number).putLong(sent.offset()).putLong(timestamp).array());
        } catch (Exception fault) {
            System.err.println("Feed: " + fault);
            Runtime.getRuntime().halt(1);
        }
    }

    private void send(String[] arguments) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings(arguments))) {
            long count = 0;
            for (ProducerRecord<byte[], byte[]> record = next(in); record != null; record = next(in)) {
                long number = count++;
                producer.send(record, (sent, failure) -> tell(number, sent, failure));
            }
        }
    }

    public static void main(String[] arguments) throws IOException {
        System.setOut(System.err); // what a library prints is no answer
        new Feed().send(arguments);
    }
}
