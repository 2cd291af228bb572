// What tests need of aws-lambda-java-core: its interfaces, as they are documented.
package com.amazonaws.services.lambda.runtime;

public interface Context {
    String getAwsRequestId();

    String getFunctionName();

    String getFunctionVersion();

    String getInvokedFunctionArn();

    String getLogGroupName();

    String getLogStreamName();

    ClientContext getClientContext();

    int getRemainingTimeInMillis();

    int getMemoryLimitInMB();

    LambdaLogger getLogger();
}
