package shop;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.Map;

/** A handler with the library's interface, and events as its classes for them are. */
public class Api implements RequestHandler<Api.Request, Api.Response> {
    public static class Request {
        private String httpMethod;
        private Map<String, String> pathParameters;
        private Boolean isBase64Encoded;

        public void setHttpMethod(String m) { httpMethod = m; }
        public void setPathParameters(Map<String, String> p) { pathParameters = p; }
        public void setIsBase64Encoded(Boolean b) { isBase64Encoded = b; }
    }

    public static class Response {
        private Integer statusCode;
        private Map<String, String> headers;
        private String body;
        private Boolean isBase64Encoded;

        public Integer getStatusCode() { return statusCode; }
        public Map<String, String> getHeaders() { return headers; }
        public String getBody() { return body; }
        public Boolean getIsBase64Encoded() { return isBase64Encoded; }
    }

    @Override
    public Response handleRequest(Request r, Context c) {
        c.getLogger().log("serving " + r.httpMethod);
        Response answer = new Response();
        answer.statusCode = 200;
        answer.isBase64Encoded = r.isBase64Encoded;
        answer.body = r.httpMethod + " " + r.pathParameters.get("id") + " " + c.getFunctionName() + " " + (c.getRemainingTimeInMillis() > 1000)
            + " " + c.getMemoryLimitInMB() + " " + c.getClientContext().getCustom();
        return answer;
    }
}
