import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Handlers without a package or a library. */
public class Handlers {
    public static class Order {
        private String name;
        private int count;
        private List<Item> items = new ArrayList<>();
        private Kind kind;

        public String getName() { return name; }
        public void setName(String name) { this.name = name; }
        public int getCount() { return count; }
        public void setCount(int count) { this.count = count; }
        public List<Item> getItems() { return items; }
        public void setItems(List<Item> items) { this.items = items; }
        public Kind getKind() { return kind; }
        public void setKind(Kind kind) { this.kind = kind; }
    }

    public static class Item {
        public String id;
        public double price;
    }

    public enum Kind { NEW, OLD }

    public Order order(Order o) {
        o.setCount(o.getCount() + 1);
        for (Item i : o.getItems()) {
            i.price *= 2;
        }
        return o;
    }

    public String text(String s) {
        return "got " + s;
    }

    public Map<String, Object> map(Map<String, Object> m) {
        return m;
    }

    public static Object nothing() {
        return null;
    }

    public long pid(Object o) {
        return ProcessHandle.current().pid();
    }

    public void stream(InputStream in, OutputStream out) throws IOException {
        byte[] event = in.readAllBytes();
        out.write("<".getBytes());
        out.write(event);
        out.write(">".getBytes());
    }

    public String fail(Map<String, Object> m) {
        if (m.containsKey("cause")) {
            throw new IllegalStateException("outer", new IllegalArgumentException("inner"));
        }
        if (m.containsKey("exit")) {
            System.exit(3);
        }
        throw new IllegalArgumentException("as told");
    }

    public String print(Object o) {
        System.out.println("one line");
        System.err.println("and an error");
        return "printed";
    }

    public static class Broken {
        static {
            if (true) {
                throw new IllegalStateException("no database");
            }
        }

        public Object handle(Object o) {
            return o;
        }
    }
}
