// What tests need of aws-lambda-java-core: its interfaces, as they are documented.
package com.amazonaws.services.lambda.runtime;

public interface LambdaLogger {
    void log(String message);

    void log(byte[] message);
}
