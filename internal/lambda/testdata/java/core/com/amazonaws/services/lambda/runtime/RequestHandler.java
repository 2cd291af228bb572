// What tests need of aws-lambda-java-core: its interfaces, as they are documented.
package com.amazonaws.services.lambda.runtime;

public interface RequestHandler<I, O> {
    O handleRequest(I input, Context context);
}
