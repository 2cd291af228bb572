import { ApiError, Client } from "./client.js";
import type { models } from "./client.js";

declare const process: { env: { [name: string]: string } };
interface Echo { path: string; q: string[]; x: string; body: string }

const env = (name: string): string => process.env[name] ?? "";
const odd = env("ODD");
const invokeUrl = env("URL");
const open = new Client({ invokeUrl });
const full = new Client({ invokeUrl, accessKey: env("ACCESS"), secretKey: env("SECRET"), sessionToken: env("TOKEN"), apiKey: env("API_KEY") });
const say = (...words: unknown[]) => console.log(words.join(" "));
const echo = (data: unknown) => data as Echo;

async function refused(call: () => Promise<unknown>): Promise<number | string> {
  try {
    await call();
    return "sent";
  } catch (e) {
    return e instanceof ApiError ? e.status : "refused";
  }
}

const body: models.Item = { k: 'é"' };
say("plain", echo((await open.getApiRoot()).data).path);
const item = echo((await open.putItemsItemId({ "item-id": odd, "q.name": [odd, "2"], "X-Odd-Value": 'a "b"; c=d, e' }, body)).data);
say("item", JSON.stringify([item.path, item.q, item.x, JSON.parse(item.body)]));
say("file", echo((await open.getFilesPath({ path: "a b/c+d/é" })).data).path);
say("keyed", (await full.getKeyed()).status, await refused(() => open.getKeyed()));
const signed = echo((await full.postSignedId({ id: odd, "q.name": odd }, { k: 1 }, { query: { "q.name-z": "é &", Q: "" } })).data);
say("signed", JSON.stringify([signed.path, signed.q]), await refused(() => open.postSignedId({ id: "1" })));
say("busy", (await open.getBusy()).status);
// @ts-expect-error: a required parameter is missing
say("missing", await refused(() => open.putItemsItemId({ "item-id": "1" })), "dots", await refused(() => open.putItemsItemId({ "item-id": "..", "q.name": "1" })));
say("impatient", await refused(() => new Client({ invokeUrl, maxRetries: 0 }).getBusy()));
say("flaky", (await new Client({ invokeUrl: env("FLAKY") }).getApiRoot()).status);
