// The runtime of java functions: asks the Runtime API for events, calls the
// handler, posts what comes of it. Handlers, names and words of errors are those
// of AWS's own client for Java, whose interfaces (aws-lambda-java-core) are
// used where the function brings them. It is compiled on first use.
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Proxy;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

public final class GatehouseLambda {
    private static final String CORE = "com.amazonaws.services.lambda.runtime.";

    private final String address = System.getenv("AWS_LAMBDA_RUNTIME_API");
    private Socket socket;
    private InputStream in;
    private String requestId = "";

    // The handler: a method, and the object it is called on (null: static).
    private Method method;
    private Object target;
    private boolean streams;

    public static void main(String[] args) throws Exception {
        new GatehouseLambda().run(System.getenv("_HANDLER"));
    }

    private void run(String handler) throws Exception {
        try {
            load(handler);
        } catch (Throwable e) {
            Throwable cause = unwrapped(e);
            Map<String, Object> doc = document(cause);
            log(cause);
            call("POST", "init/error", Json.write(doc).getBytes(StandardCharsets.UTF_8), doc.get("errorType"));
            System.exit(1);
        }
        for (;;) {
            Answer event = call("GET", "invocation/next", null, null);
            requestId = event.headers.get("lambda-runtime-aws-request-id");
            if (requestId == null) {
                System.exit(1); // the Runtime API is going away
            }
            serve(event);
        }
    }

    private void serve(Answer event) throws IOException {
        String trace = event.headers.get("lambda-runtime-trace-id");
        if (trace == null) {
            System.clearProperty("com.amazonaws.xray.traceHeader");
        } else {
            System.setProperty("com.amazonaws.xray.traceHeader", trace);
        }
        byte[] answer;
        try {
            answer = invoke(event);
        } catch (Throwable e) {
            Throwable cause = unwrapped(e);
            Map<String, Object> doc = document(cause);
            log(cause);
            call("POST", "invocation/" + requestId + "/error", Json.write(doc).getBytes(StandardCharsets.UTF_8), doc.get("errorType"));
            if (cause instanceof VirtualMachineError) {
                System.exit(1);
            }
            return;
        }
        call("POST", "invocation/" + requestId + "/response", answer, null);
    }

    // Loading

    private void load(String handler) throws Exception {
        int colons = handler.indexOf("::");
        String name = colons < 0 ? handler : handler.substring(0, colons);
        Class<?> type;
        try {
            type = Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new ClassNotFoundException("Class not found: " + name, e);
        }
        Class<?> requests = core("RequestHandler"), streamed = core("RequestStreamHandler");
        String called = colons < 0 ? "handleRequest" : handler.substring(colons + 2);
        if (colons < 0 && !(requests != null && requests.isAssignableFrom(type)) && !(streamed != null && streamed.isAssignableFrom(type))) {
            throw new IllegalArgumentException("No method was named in the handler " + handler + ", and its class implements neither RequestHandler nor RequestStreamHandler");
        }
        for (Method m : type.getMethods()) {
            if (m.getName().equals(called) && !m.isBridge() && fits(m) && (method == null || m.getParameterCount() > method.getParameterCount())) {
                method = m;
            }
        }
        if (method == null) {
            throw new NoSuchMethodException("No public method named " + called + " with appropriate method signature found on class " + type.getName());
        }
        method.setAccessible(true);
        streams = method.getParameterCount() > 0 && method.getParameterTypes()[0] == InputStream.class;
        if (!Modifier.isStatic(method.getModifiers())) {
            target = type.getDeclaredConstructor().newInstance();
        }
    }

    private static boolean fits(Method m) {
        Class<?>[] p = m.getParameterTypes();
        Class<?> context = core("Context");
        if (p.length >= 2 && p[0] == InputStream.class && p[1] == OutputStream.class) {
            return p.length == 2 || p.length == 3 && p[2] == context;
        }
        return p.length < 2 || p.length == 2 && p[1] == context;
    }

    private static Class<?> core(String name) {
        try {
            return Class.forName(CORE + name);
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    // Calling

    private byte[] invoke(Answer event) throws Throwable {
        Object[] args = new Object[method.getParameterCount()];
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Type[] types = method.getGenericParameterTypes();
        for (int i = 0; i < args.length; i++) {
            Class<?> raw = method.getParameterTypes()[i];
            if (raw == core("Context")) {
                args[i] = context(event.headers);
            } else if (streams) {
                args[i] = i == 0 ? new ByteArrayInputStream(event.body) : out;
            } else {
                args[i] = Json.convert(Json.parse(new String(event.body, StandardCharsets.UTF_8)), types[i], target == null ? method.getDeclaringClass() : target.getClass());
            }
        }
        Object result = method.invoke(target, args);
        return streams ? out.toByteArray() : Json.write(result).getBytes(StandardCharsets.UTF_8);
    }

    private Object context(Map<String, String> headers) {
        long deadline = Long.parseLong(headers.getOrDefault("lambda-runtime-deadline-ms", "0"));
        Object client = headers.containsKey("lambda-runtime-client-context") ? Json.parse(headers.get("lambda-runtime-client-context")) : null;
        Map<String, Object> values = new HashMap<>();
        values.put("getAwsRequestId", requestId);
        values.put("getInvokedFunctionArn", headers.get("lambda-runtime-invoked-function-arn"));
        values.put("getLogGroupName", System.getenv("AWS_LAMBDA_LOG_GROUP_NAME"));
        values.put("getLogStreamName", System.getenv("AWS_LAMBDA_LOG_STREAM_NAME"));
        values.put("getFunctionName", System.getenv("AWS_LAMBDA_FUNCTION_NAME"));
        values.put("getFunctionVersion", System.getenv("AWS_LAMBDA_FUNCTION_VERSION"));
        values.put("getMemoryLimitInMB", Integer.parseInt(System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")));
        values.put("getLogger", proxy("LambdaLogger", new HashMap<>()));
        if (client instanceof Map && core("ClientContext") != null) {
            Map<String, Object> of = new HashMap<>();
            of.put("getCustom", ((Map<?, ?>) client).get("custom"));
            of.put("getEnvironment", ((Map<?, ?>) client).get("env"));
            values.put("getClientContext", proxy("ClientContext", of));
        }
        values.put("getRemainingTimeInMillis", deadline);
        return proxy("Context", values);
    }

    // An interface of aws-lambda-java-core, answered from values.
    private static Object proxy(String name, Map<String, Object> values) {
        Class<?> type = core(name);
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, m, args) -> {
            switch (m.getName()) {
                case "log":
                    byte[] line = args[0] instanceof byte[] ? (byte[]) args[0] : String.valueOf(args[0]).getBytes(StandardCharsets.UTF_8);
                    System.out.write(line, 0, line.length);
                    if (line.length == 0 || line[line.length - 1] != '\n') {
                        System.out.write('\n');
                    }
                    System.out.flush();
                    return null;
                case "getRemainingTimeInMillis":
                    return (int) Math.max((Long) values.get(m.getName()) - System.currentTimeMillis(), 0);
                case "toString":
                    return name + values;
                case "hashCode":
                    return System.identityHashCode(self);
                case "equals":
                    return self == args[0];
                default:
                    return values.get(m.getName());
            }
        });
    }

    // Errors

    private static Throwable unwrapped(Throwable e) {
        while ((e instanceof InvocationTargetException || e instanceof ExceptionInInitializerError) && e.getCause() != null) {
            e = e.getCause();
        }
        return e;
    }

    private static Map<String, Object> document(Throwable e) {
        Map<String, Object> doc = new LinkedHashMap<>();
        doc.put("errorMessage", e.getMessage() == null ? e.getClass().getName() : e.getMessage());
        doc.put("errorType", e.getClass().getName());
        doc.put("stackTrace", frames(e));
        if (e.getCause() != null && e.getCause() != e) {
            doc.put("cause", document(e.getCause()));
        }
        return doc;
    }

    // The frames of the function's own code.
    private static List<Object> frames(Throwable e) {
        List<Object> frames = new ArrayList<>();
        for (StackTraceElement f : e.getStackTrace()) {
            String at = f.getClassName();
            if (at.startsWith("GatehouseLambda") || at.startsWith("jdk.internal.reflect.") || at.startsWith("java.lang.reflect.")) {
                break;
            }
            frames.add(f.toString());
        }
        return frames;
    }

    // One line a record: what reads it takes carriage returns for line feeds.
    private void log(Throwable e) {
        StringBuilder text = new StringBuilder(e.toString());
        for (Object frame : frames(e)) {
            text.append("\n\tat ").append(frame);
        }
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        System.out.print("[ERROR]\t" + now.toString().replace("Z", ".000Z") + "\t" + requestId + "\t" + text.toString().replace("\r", "").replace('\n', '\r') + "\n");
        System.out.flush();
    }

    // The Runtime API: one request at a time on one connection.

    private static final class Answer {
        final Map<String, String> headers = new HashMap<>();
        byte[] body;
    }

    private Answer call(String verb, String path, byte[] body, Object errorType) throws IOException {
        if (socket == null) {
            int colon = address.lastIndexOf(':');
            socket = new Socket(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
        }
        StringBuilder head = new StringBuilder(verb + " /2018-06-01/runtime/" + path + " HTTP/1.1\r\nHost: " + address + "\r\n");
        if (errorType != null) {
            head.append("Lambda-Runtime-Function-Error-Type: ").append(String.valueOf(errorType).replaceAll("[^ -~]", "?")).append("\r\n");
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (body != null) {
            head.append("Content-Type: application/json\r\nContent-Length: ").append(body.length).append("\r\n");
        }
        out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        if (body != null) {
            out.write(body);
        }
        out.writeTo(socket.getOutputStream());
        return answer();
    }

    private Answer answer() throws IOException {
        Answer a = new Answer();
        line();
        for (String field = line(); !field.isEmpty(); field = line()) {
            int colon = field.indexOf(':');
            a.headers.put(field.substring(0, colon).toLowerCase(), field.substring(colon + 1).trim());
        }
        a.body = in.readNBytes(Integer.parseInt(a.headers.getOrDefault("content-length", "0")));
        if ("close".equals(a.headers.get("connection"))) {
            socket.close();
            socket = null;
        }
        return a;
    }

    private String line() throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the Runtime API is going away");
            }
            text.write(c);
        }
        return new String(text.toByteArray(), StandardCharsets.UTF_8).trim();
    }

    // JSON, and what Java makes of it: maps, lists, texts, numbers, and objects
    // with properties.
    static final class Json {
        private final String text;
        private int at;

        private Json(String text) {
            this.text = text;
        }

        static Object parse(String text) {
            Json p = new Json(text);
            Object value = p.value();
            if (p.next() != 0) {
                throw p.bad();
            }
            return value;
        }

        private IllegalArgumentException bad() {
            return new IllegalArgumentException("An error occurred during JSON parsing at character " + at);
        }

        private char next() {
            while (at < text.length() && text.charAt(at) <= ' ') {
                at++;
            }
            return at < text.length() ? text.charAt(at) : 0;
        }

        private boolean take(char c) {
            if (next() != c) {
                return false;
            }
            at++;
            return true;
        }

        private Object value() {
            switch (next()) {
                case '{':
                    return object();
                case '[':
                    return array();
                case '"':
                    return string();
                case 't':
                    return word("true", true);
                case 'f':
                    return word("false", false);
                case 'n':
                    return word("null", null);
                default:
                    return number();
            }
        }

        private Object word(String word, Object value) {
            if (!text.startsWith(word, at)) {
                throw bad();
            }
            at += word.length();
            return value;
        }

        private Object number() {
            int from = at;
            while (at < text.length() && "+-0123456789.eE".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            String digits = text.substring(from, at);
            try {
                if (!digits.matches("-?\\d+")) {
                    return Double.valueOf(digits);
                }
                BigInteger n = new BigInteger(digits);
                return n.bitLength() < 32 ? (Object) n.intValue() : n.bitLength() < 64 ? (Object) n.longValue() : n;
            } catch (NumberFormatException e) {
                throw bad();
            }
        }

        private Map<String, Object> object() {
            Map<String, Object> m = new LinkedHashMap<>();
            at++;
            if (take('}')) {
                return m;
            }
            do {
                if (next() != '"') {
                    throw bad();
                }
                String name = string();
                if (!take(':')) {
                    throw bad();
                }
                m.put(name, value());
            } while (take(','));
            if (!take('}')) {
                throw bad();
            }
            return m;
        }

        private List<Object> array() {
            List<Object> list = new ArrayList<>();
            at++;
            if (take(']')) {
                return list;
            }
            do {
                list.add(value());
            } while (take(','));
            if (!take(']')) {
                throw bad();
            }
            return list;
        }

        private String string() {
            StringBuilder s = new StringBuilder();
            for (at++; ; at++) {
                if (at >= text.length()) {
                    throw bad();
                }
                char c = text.charAt(at);
                if (c == '"') {
                    at++;
                    return s.toString();
                }
                if (c == '\\') {
                    at++;
                    int escape = at < text.length() ? "\"\\/bfnrtu".indexOf(text.charAt(at)) : -1;
                    if (escape < 0 || escape == 8 && at + 4 >= text.length()) {
                        throw bad();
                    }
                    c = escape < 8 ? "\"\\/\b\f\n\r\t".charAt(escape) : (char) Integer.parseInt(text.substring(at + 1, at + 5), 16);
                    at += escape == 8 ? 4 : 0;
                }
                s.append(c);
            }
        }

        // What a handler of that parameter type gets for a value.
        static Object convert(Object v, Type type, Class<?> within) throws ReflectiveOperationException {
            if (type instanceof TypeVariable || type instanceof WildcardType) {
                return v;
            }
            if (type instanceof GenericArrayType) {
                return v;
            }
            Class<?> raw = (Class<?>) (type instanceof ParameterizedType ? ((ParameterizedType) type).getRawType() : type);
            if (v == null || raw == Object.class) {
                return v;
            }
            if (raw == String.class) {
                if (v instanceof Map || v instanceof List) {
                    throw new IllegalArgumentException("Cannot deserialize value of type `java.lang.String` from " + (v instanceof Map ? "Object" : "Array") + " value");
                }
                return v.toString();
            }
            if (v instanceof Map && raw.isAssignableFrom(LinkedHashMap.class)) {
                Map<Object, Object> m = new LinkedHashMap<>();
                for (Map.Entry<?, ?> e : ((Map<?, ?>) v).entrySet()) {
                    m.put(e.getKey(), convert(e.getValue(), argument(type, 1), within));
                }
                return m;
            }
            if (v instanceof List && (raw.isAssignableFrom(ArrayList.class) || raw.isAssignableFrom(LinkedHashSet.class))) {
                Collection<Object> list = raw.isAssignableFrom(ArrayList.class) ? new ArrayList<>() : new LinkedHashSet<>();
                for (Object e : (List<?>) v) {
                    list.add(convert(e, argument(type, 0), within));
                }
                return list;
            }
            if (v instanceof List && raw.isArray()) {
                Object array = Array.newInstance(raw.getComponentType(), ((List<?>) v).size());
                for (int i = 0; i < ((List<?>) v).size(); i++) {
                    Array.set(array, i, convert(((List<?>) v).get(i), raw.getComponentType(), within));
                }
                return array;
            }
            Object scalar = scalar(v, raw);
            if (scalar != null) {
                return scalar;
            }
            if (v instanceof Map) {
                return bean((Map<?, ?>) v, raw);
            }
            throw new IllegalArgumentException("Cannot deserialize value of type `" + raw.getName() + "` from " + write(v));
        }

        private static Type argument(Type type, int n) {
            return type instanceof ParameterizedType ? ((ParameterizedType) type).getActualTypeArguments()[n] : Object.class;
        }

        private static Object scalar(Object v, Class<?> raw) throws ReflectiveOperationException {
            if (v instanceof Boolean && (raw == boolean.class || raw == Boolean.class)) {
                return v;
            }
            if (v instanceof String && raw == byte[].class) {
                return Base64.getDecoder().decode((String) v);
            }
            if (v instanceof String && raw.isEnum()) {
                return raw.getMethod("valueOf", String.class).invoke(null, v);
            }
            if (v instanceof String && (raw == char.class || raw == Character.class) && ((String) v).length() == 1) {
                return ((String) v).charAt(0);
            }
            if (!(v instanceof Number)) {
                return null;
            }
            BigDecimal n = new BigDecimal(v.toString());
            switch (raw.getSimpleName()) {
                case "int":
                case "Integer":
                    return n.intValue();
                case "long":
                case "Long":
                    return n.longValue();
                case "short":
                case "Short":
                    return n.shortValue();
                case "byte":
                case "Byte":
                    return n.byteValue();
                case "double":
                case "Double":
                    return n.doubleValue();
                case "float":
                case "Float":
                    return n.floatValue();
                case "BigDecimal":
                    return n;
                case "BigInteger":
                    return n.toBigInteger();
                case "Number":
                    return v;
                default:
                    return null;
            }
        }

        // An object made by its setters and public fields; names in any case, as
        // AWS's events need it. What it doesn't know is left out.
        private static Object bean(Map<?, ?> values, Class<?> type) throws ReflectiveOperationException {
            Object made = type.getDeclaredConstructor().newInstance();
            Map<String, Object> byName = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            values.forEach((name, value) -> byName.put((String) name, value));
            for (Field f : type.getFields()) {
                if (byName.containsKey(f.getName()) && !Modifier.isStatic(f.getModifiers()) && !Modifier.isFinal(f.getModifiers())) {
                    f.set(made, convert(byName.get(f.getName()), f.getGenericType(), type));
                }
            }
            for (Method m : type.getMethods()) {
                String name = m.getName();
                if (name.length() > 3 && name.startsWith("set") && m.getParameterCount() == 1 && !m.isBridge() && byName.containsKey(name.substring(3))) {
                    Object value = byName.get(name.substring(3));
                    if (value != null || !m.getParameterTypes()[0].isPrimitive()) {
                        m.invoke(made, convert(value, m.getGenericParameterTypes()[0], type));
                    }
                }
            }
            return made;
        }

        static String write(Object v) throws IllegalArgumentException {
            StringBuilder b = new StringBuilder();
            write(b, v, 0);
            return b.toString();
        }

        private static void write(StringBuilder b, Object v, int depth) {
            if (depth > 100) {
                throw new IllegalArgumentException("An object holds itself, or more than 100 others within each other");
            }
            if (v == null || v instanceof Boolean || v instanceof Number && !(v instanceof Double && !Double.isFinite((Double) v))) {
                b.append(v);
            } else if (v instanceof Map) {
                b.append('{');
                String comma = "";
                for (Map.Entry<?, ?> e : ((Map<?, ?>) v).entrySet()) {
                    b.append(comma);
                    quote(b, String.valueOf(e.getKey()));
                    b.append(':');
                    write(b, e.getValue(), depth + 1);
                    comma = ",";
                }
                b.append('}');
            } else if (v instanceof Iterable) {
                b.append('[');
                String comma = "";
                for (Object e : (Iterable<?>) v) {
                    b.append(comma);
                    write(b, e, depth + 1);
                    comma = ",";
                }
                b.append(']');
            } else if (v instanceof byte[]) {
                quote(b, Base64.getEncoder().encodeToString((byte[]) v));
            } else if (v.getClass().isArray()) {
                List<Object> list = new ArrayList<>();
                for (int i = 0; i < Array.getLength(v); i++) {
                    list.add(Array.get(v, i));
                }
                write(b, list, depth);
            } else if (v instanceof CharSequence || v instanceof Character || v instanceof Number || v instanceof Enum || v.getClass().getName().startsWith("java.")) {
                quote(b, v instanceof Enum ? ((Enum<?>) v).name() : v.toString());
            } else {
                write(b, properties(v), depth + 1);
            }
        }

        // An object's properties, in the order of its fields, then by name.
        private static Map<String, Object> properties(Object v) {
            Map<String, Object> found = new TreeMap<>(), ordered = new LinkedHashMap<>();
            try {
                for (Method m : v.getClass().getMethods()) {
                    String name = m.getName();
                    int prefix = name.startsWith("get") ? 3 : name.startsWith("is") && m.getReturnType() == boolean.class ? 2 : 0;
                    if (prefix > 0 && name.length() > prefix && m.getParameterCount() == 0 && !m.isBridge() && !Modifier.isStatic(m.getModifiers()) && m.getDeclaringClass() != Object.class) {
                        m.setAccessible(true);
                        found.put(Character.toLowerCase(name.charAt(prefix)) + name.substring(prefix + 1), m.invoke(v));
                    }
                }
                for (Field f : v.getClass().getFields()) {
                    if (!Modifier.isStatic(f.getModifiers())) {
                        found.putIfAbsent(f.getName(), f.get(v));
                    }
                }
            } catch (ReflectiveOperationException e) {
                throw new IllegalArgumentException("An error occurred during serialization of " + v.getClass().getName(), unwrapped(e));
            }
            Set<String> names = new LinkedHashSet<>();
            for (Class<?> c = v.getClass(); c != null; c = c.getSuperclass()) {
                for (Field f : c.getDeclaredFields()) {
                    names.add(f.getName());
                }
            }
            names.addAll(found.keySet());
            for (String name : names) {
                if (found.containsKey(name)) {
                    ordered.put(name, found.get(name));
                }
            }
            return ordered;
        }

        private static void quote(StringBuilder b, String s) {
            b.append('"');
            for (int i = 0; i < s.length(); i++) {
                char c = s.charAt(i);
                int escape = "\"\\\b\f\n\r\t".indexOf(c);
                if (escape >= 0) {
                    b.append('\\').append("\"\\bfnrt".charAt(escape));
                } else if (c < ' ' || Character.isSurrogate(c) && !paired(s, i)) {
                    b.append(String.format("\\u%04x", (int) c));
                } else {
                    b.append(c);
                }
            }
            b.append('"');
        }

        private static boolean paired(String s, int i) {
            char c = s.charAt(i);
            return Character.isHighSurrogate(c) ? i + 1 < s.length() && Character.isLowSurrogate(s.charAt(i + 1)) : i > 0 && Character.isHighSurrogate(s.charAt(i - 1));
        }
    }
}
