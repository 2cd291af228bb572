// node serverless.js FILE renders a template that the Serverless Framework wrote.
require('./render')(JSON.parse(require('fs').readFileSync(process.argv[2], 'utf8')));
