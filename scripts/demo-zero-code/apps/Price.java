import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/** The price list: a thread per request, a look-up in Redis. Nothing of tracing is in it. */
public final class Price {
    private static final class Redis {
        final Socket socket;
        final InputStream in;
        final OutputStream out;

        Redis(String host, int port) throws IOException {
            socket = new Socket(host, port);
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream());
            out = socket.getOutputStream();
        }

        String line() throws IOException {
            StringBuilder text = new StringBuilder();
            for (int c = in.read(); c != '\r'; c = in.read()) {
                if (c < 0) throw new IOException("redis closed the connection");
                text.append((char) c);
            }
            in.read();
            return text.toString();
        }

        String get(String key) throws IOException {
            String command = "*2\r\n$3\r\nGET\r\n$" + key.length() + "\r\n" + key + "\r\n";
            out.write(command.getBytes(StandardCharsets.US_ASCII));
            int length = Integer.parseInt(line().substring(1));
            if (length < 0) return "none";
            byte[] value = in.readNBytes(length);
            line();
            return new String(value, StandardCharsets.UTF_8);
        }
    }

    public static void main(String[] arguments) throws IOException {
        String[] listen = arguments[0].split(":");
        String[] redis = arguments[1].split(":");
        ThreadLocal<Redis> connections = new ThreadLocal<>();
        var address = new InetSocketAddress(listen[0], Integer.parseInt(listen[1]));
        HttpServer server = HttpServer.create(address, 256);
        server.setExecutor(Executors.newFixedThreadPool(64));
        server.createContext("/price", exchange -> {
            if (connections.get() == null) {
                connections.set(new Redis(redis[0], Integer.parseInt(redis[1])));
            }
            String query = exchange.getRequestURI().getQuery();
            answer(exchange, connections.get().get("price:" + query.replace("click=", "c")));
        });
        server.start();
        System.out.println("ready");
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
        byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
