// Oracle asks Apache Velocity 1.7 what the templates of this folder render to,
// and writes its answers into them. On Debian:
//
//	apt-get install velocity libjson-smart-java default-jdk-headless
//	cd /usr/share/java; CP=$PWD/velocity.jar:$PWD/commons-collections3.jar:$PWD/commons-lang.jar:$PWD/json-smart.jar:$PWD/asm.jar; cd -
//	java -cp $CP Oracle.java *.txtar
//
// Velocity is configured as API Gateway is recorded to behave: a reference to
// nothing renders empty. $util.parseJson reads JSON by json-smart, the parser
// under Jayway's paths, as ordered maps and its JSONArray.
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import net.minidev.json.JSONValue;
import net.minidev.json.parser.JSONParser;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;
import org.apache.velocity.app.event.EventCartridge;
import org.apache.velocity.app.event.ReferenceInsertionEventHandler;

public class Oracle {
    public static void main(String[] files) throws Exception {
        for (String file : files) {
            Path path = Paths.get(file);
            String text = new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
            Files.write(path, answer(text).getBytes(StandardCharsets.UTF_8));
        }
    }

    static String answer(String text) {
        StringBuilder out = new StringBuilder();
        String[] parts = text.split("(?m)^-- ", -1);
        out.append(parts[0]);
        for (int i = 1; i < parts.length; i++) {
            int end = parts[i].indexOf(" --\n");
            String name = parts[i].substring(0, end);
            String body = parts[i].substring(end + 4);
            if (name.endsWith(": renders") || name.endsWith(": fails")) {
                continue;
            }
            out.append("-- ").append(name).append(" --\n").append(body);
            String template = body.endsWith("\n") ? body.substring(0, body.length() - 1) : body;
            try {
                out.append("-- ").append(name).append(": renders --\n").append(render(template)).append("\n");
            } catch (Throwable e) {
                int mark = out.lastIndexOf("-- " + name + ": renders --\n");
                if (mark >= 0 && out.indexOf("\n", mark) == out.length() - 1) {
                    out.setLength(mark);
                }
                out.append("-- ").append(name).append(": fails --\n");
            }
        }
        return out.toString();
    }

    public static class Util {
        public Object parseJson(String text) throws Exception {
            return new JSONParser(JSONParser.MODE_PERMISSIVE).parse(text, JSONValue.defaultReader.DEFAULT_ORDERED);
        }
    }

    static String render(String template) throws Exception {
        VelocityEngine engine = new VelocityEngine();
        engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        engine.setProperty("runtime.introspector.uberspect", "org.apache.velocity.util.introspection.SecureUberspector");
        engine.init();
        VelocityContext context = new VelocityContext();
        context.put("util", new Util());
        EventCartridge cartridge = new EventCartridge();
        cartridge.addEventHandler((ReferenceInsertionEventHandler) (reference, value) -> value == null ? "" : value);
        cartridge.attachToContext(context);
        StringWriter writer = new StringWriter();
        if (!engine.evaluate(context, writer, "template", template)) {
            throw new IllegalStateException("not rendered");
        }
        return writer.toString();
    }
}
