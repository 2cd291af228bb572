const apigClientFactory = require('./apiGateway-js-sdk/apigClient.js');

const client = apigClientFactory.newClient({invokeUrl: process.argv[2]});
client.greetingsNameGet({name: 'Ada Lovelace', language: 'en'}, {}, {}).then(
    (response) => console.log('JavaScript:', response.status, response.data.greeting),
    (error) => {
        console.error(error);
        process.exitCode = 1;
    });
