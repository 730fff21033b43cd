// A server with a thread a connection that asks the backend. Prints its port.
//   java Threads.java BACKEND_PORT

import com.sun.net.httpserver.HttpServer;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.Executors;

public class Threads {
  static int backend;
  static final HttpClient client = HttpClient.newHttpClient();

  static byte[] plain(String path) throws Exception {
    var url = URI.create("http://127.0.0.1:" + backend + path).toURL();
    var connection = (HttpURLConnection) url.openConnection();
    connection.setReadTimeout(5000);
    try (var in = connection.getInputStream()) {
      return in.readAllBytes();
    }
  }

  static byte[] client(String path) throws Exception {
    var uri = URI.create("http://127.0.0.1:" + backend + path);
    var request = HttpRequest.newBuilder(uri).version(HttpClient.Version.HTTP_1_1).build();
    return client.send(request, HttpResponse.BodyHandlers.ofByteArray()).body();
  }

  public static void main(String[] arguments) throws Exception {
    backend = Integer.parseInt(arguments[0]);
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 128);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", exchange -> {
      var way = exchange.getRequestURI().getPath().split("/")[1];
      var path = "/b/" + way + "?" + exchange.getRequestURI().getQuery();
      try {
        byte[] body = way.equals("client") ? client(path) : plain(path);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
      } catch (Exception e) {
        exchange.sendResponseHeaders(502, -1);
      }
      exchange.close();
    });
    server.start();
    System.out.println(server.getAddress().getPort());
  }
}
