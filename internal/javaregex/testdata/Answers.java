import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.regex.*;

// Answers says what java.util.regex makes of each line of its input: pattern,
// text and replacement, each in base64, between tabs.
public class Answers {
    static String read(String s) {
        return new String(Base64.getDecoder().decode(s), StandardCharsets.UTF_8);
    }

    static String write(String s) {
        return Base64.getEncoder().encodeToString(s.getBytes(StandardCharsets.UTF_8));
    }

    static int bytes(String s, int end) {
        return s.substring(0, end).getBytes(StandardCharsets.UTF_8).length;
    }

    static String spans(Pattern pattern, String text) {
        StringBuilder out = new StringBuilder();
        Matcher m = pattern.matcher(text);
        while (m.find()) {
            for (int i = 0; i <= m.groupCount(); i++) {
                out.append(i == 0 ? "" : ",");
                out.append(m.start(i) < 0 ? "-" : bytes(text, m.start(i)) + ":" + bytes(text, m.end(i)));
            }
            out.append(';');
        }
        return out.toString();
    }

    static String replace(String pattern, String text, String replacement, boolean all) {
        try {
            return write(all ? text.replaceAll(pattern, replacement) : text.replaceFirst(pattern, replacement));
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            return "!" + write(e.getMessage());
        }
    }

    static String answer(String pattern, String text, String replacement) {
        Pattern p;
        try {
            p = Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
            return "bad\t" + write(e.getDescription());
        }
        StringBuilder parts = new StringBuilder();
        for (String part : text.split(pattern)) {
            parts.append(write(part)).append('.');
        }
        return p.matcher(text).matches() + "\t" + spans(p, text) + "\t" + replace(pattern, text, replacement, true)
            + "\t" + replace(pattern, text, replacement, false) + "\t" + parts;
    }

    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(new BufferedOutputStream(System.out), false, "UTF-8");
        for (String line; (line = in.readLine()) != null; ) {
            String[] f = line.split("\t", -1);
            out.println(answer(read(f[0]), read(f[1]), read(f[2])));
        }
        out.flush();
    }
}
