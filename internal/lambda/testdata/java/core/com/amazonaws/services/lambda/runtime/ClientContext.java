// What tests need of aws-lambda-java-core: its interfaces, as they are documented.
package com.amazonaws.services.lambda.runtime;

public interface ClientContext {
    java.util.Map<String, String> getCustom();

    java.util.Map<String, String> getEnvironment();
}
