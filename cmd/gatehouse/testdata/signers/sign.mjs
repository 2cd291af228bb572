// Signs the requests on standard input with the AWS SDK for JavaScript's signer.
import { readFileSync } from 'node:fs';
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';

const { host, region, cases } = JSON.parse(readFileSync(0));
const out = [];
for (const c of cases) {
  const [path, text = ''] = c.target.split('?');
  const query = {};
  for (const [name, value] of new URLSearchParams(text)) (query[name] ??= []).push(value);
  const request = new HttpRequest({
    method: c.method, protocol: 'http:', hostname: host, path, query,
    headers: { host, ...c.headers }, body: c.body ? Buffer.from(c.body, 'base64') : undefined,
  });
  const signer = new SignatureV4({
    service: 'execute-api', region, sha256: Sha256, applyChecksum: true,
    credentials: { accessKeyId: c.key, secretAccessKey: c.secret, sessionToken: c.token || undefined },
  });
  if (!c.presign) {
    const signed = await signer.sign(request);
    out.push({ target: c.target, headers: signed.headers });
    continue;
  }
  const signed = await signer.presign(request, { expiresIn: 300 });
  const pairs = Object.entries(signed.query).flatMap(([name, value]) =>
    [value].flat().map((v) => encodeURIComponent(name) + '=' + encodeURIComponent(v)));
  out.push({ target: signed.path + '?' + pairs.join('&'), headers: signed.headers });
}
process.stdout.write(JSON.stringify(out));
