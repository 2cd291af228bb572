'use strict';
const fs = require('fs');
const vm = require('vm');

// asPage loads the files as script elements of a page do, in the README's order.
function asPage() {
    const lib = ['utils', 'sigV4Client', 'simpleHttpClient', 'apiGatewayClient'].map((name) => `lib/apiGatewayCore/${name}.js`);
    [...lib, 'apigClient.js'].forEach((file) => vm.runInThisContext(fs.readFileSync(`apiGateway-js-sdk/${file}`, 'utf8'), file));
    return globalThis.apigClientFactory;
}

const factory = process.argv[2] === 'page' ? asPage() : require('./apiGateway-js-sdk/apigClient.js');
const {URL: invokeUrl, ACCESS: accessKey, SECRET: secretKey, TOKEN: sessionToken, API_KEY: apiKey, ODD: odd} = process.env;
const open = factory.newClient({invokeUrl});
const full = factory.newClient({invokeUrl, accessKey, secretKey, sessionToken, apiKey});
const say = (...words) => console.log(words.join(' '));
const refused = async (call) => {
    try {
        await call();
        return 'sent';
    } catch (e) {
        return e.response ? e.response.status : 'refused';
    }
};
(async () => {
    say('plain', (await open.rootGet({}, {}, {})).data.path);
    const item = await open.itemsItemIdPut({'item-id': odd, 'q.name': [odd, '2'], 'X-Odd-Value': 'a "b"; c=d, e'}, {k: 'é"'}, {});
    say('item', JSON.stringify([item.data.path, item.data.q, item.data.x, JSON.parse(item.data.body)]));
    say('file', (await open.filesPathGet({path: 'a b/c+d/é'})).data.path);
    say('keyed', (await full.keyedGet()).status, await refused(() => open.keyedGet()));
    const signed = await full.signedIdPost({id: odd, 'q.name': odd}, {k: 1}, {queryParams: {'q.name-z': 'é &', Q: ''}});
    say('signed', JSON.stringify([signed.data.path, signed.data.q]), await refused(() => open.signedIdPost({id: '1'})));
    say('busy', (await open.busyGet()).status);
    say('missing', await refused(() => open.itemsItemIdPut({'item-id': '1'})), 'dots', await refused(() => open.itemsItemIdPut({'item-id': '..', 'q.name': '1'})));
    const impatient = factory.newClient({invokeUrl, maxRetries: 0});
    say('impatient', await refused(() => impatient.busyGet()));
    say('flaky', (await factory.newClient({invokeUrl: process.env.FLAKY}).rootGet()).status);
})();
