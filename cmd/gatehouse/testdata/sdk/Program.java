import com.example.everything.ApiException;
import com.example.everything.Everything;
import com.example.everything.SdkResponse;
import com.example.everything.model.*;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;

public final class Program {
    static final String ODD = System.getenv("ODD");

    static Object refused(Callable<SdkResponse> call) throws Exception {
        try {
            call.call();
            return "sent";
        } catch (ApiException e) {
            return e.response().status();
        } catch (IllegalArgumentException e) {
            return "refused";
        }
    }

    /** The JSON of a member of an answer, which the backend writes in the order body, path, q, x. */
    static String member(SdkResponse answer, String name, String next) {
        String text = answer.text();
        int from = text.indexOf("\"" + name + "\":") + name.length() + 3;
        return text.substring(from, next == null ? text.lastIndexOf('}') : text.indexOf(",\"" + next + "\":", from));
    }

    public static void main(String[] args) throws Exception {
        System.setOut(new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8));
        String url = System.getenv("URL");
        String token = System.getenv("TOKEN");
        Everything open = Everything.builder().invokeUrl(url).build();
        Everything full = Everything.builder().invokeUrl(url).apiKey(System.getenv("API_KEY"))
                .iamCredentials(System.getenv("ACCESS"), System.getenv("SECRET"), token.isEmpty() ? null : token).build();

        System.out.println("plain " + member(open.getApiRoot(new GetApiRootRequest()), "path", "q").replace("\"", ""));
        SdkResponse item = open.putItemsItemId(new PutItemsItemIdRequest().itemId(ODD).qName(ODD, "2").xOddValue("a \"b\"; c=d, e").body("{\"k\":\"\u00e9\\\"\"}"));
        String body = member(item, "body", "path");
        body = body.substring(1, body.length() - 1).replace("\\\"", "\"").replace("\\\\", "\\");
        System.out.println("item [" + member(item, "path", "q") + "," + member(item, "q", "x") + "," + member(item, "x", null) + "," + body + "]");
        System.out.println("file " + member(open.getFilesPath(new GetFilesPathRequest().path("a b/c+d/\u00e9")), "path", "q").replace("\"", ""));
        System.out.println("keyed " + full.getKeyed(new GetKeyedRequest()).status() + " " + refused(() -> open.getKeyed(new GetKeyedRequest())));
        SdkResponse signed = full.postSignedId(new PostSignedIdRequest().id(ODD).qName(ODD).body("{\"k\":1}").queryParam("q.name-z", "\u00e9 &").queryParam("Q", ""));
        System.out.println("signed [" + member(signed, "path", "q") + "," + member(signed, "q", "x") + "] "
                + refused(() -> open.postSignedId(new PostSignedIdRequest().id("1"))));
        System.out.println("busy " + open.getBusy(new GetBusyRequest()).status());
        System.out.println("missing " + refused(() -> open.putItemsItemId(new PutItemsItemIdRequest().itemId("1")))
                + " dots " + refused(() -> open.putItemsItemId(new PutItemsItemIdRequest().itemId("..").qName("1"))));
        Everything impatient = Everything.builder().invokeUrl(url).maxRetries(0).build();
        System.out.println("impatient " + refused(() -> impatient.getBusy(new GetBusyRequest())));
        System.out.println("flaky " + Everything.builder().invokeUrl(System.getenv("FLAKY")).build().getApiRoot(new GetApiRootRequest()).status());
    }
}
