// Parses Alpine expressions with the parser of the vendored CSP build. It reads a JSON list of expressions from the
// standard input and writes a JSON list of errors, with an empty string for each expression that parses.
//
// The build exports no parser. So this script runs it without a browser, where everything that a browser would provide
// is a stub, up to the line that starts Alpine. It keeps the function whose errors begin with "CSP Parser Error".
const fs = require('fs');
const stub = new Proxy(function () {}, {
	get: (_, name) => name === Symbol.toPrimitive ? () => '' : name === 'prototype' ? {} : stub,
	apply: () => stub,
	construct: () => stub,
});
const browser = new Proxy({}, {
	has: (_, name) => !(name in globalThis),
	get: (_, name) => name === Symbol.unscopables ? undefined : stub,
});
const source = fs.readFileSync(process.argv[2], 'utf8');
const name = source.match(/function (\w+)\(\w+\)\{(?:(?!function \w+\().)*CSP Parser Error/)[1];
const upToStart = source.slice(source.indexOf('{') + 1, source.indexOf('window.Alpine='));
const parse = new Function('browser', `with (browser) { return (() => { ${upToStart}; return ${name} })() }`)(browser);
const errors = JSON.parse(fs.readFileSync(0, 'utf8')).map(expression => {
	try {
		parse(expression);
		return '';
	} catch (error) {
		return error.message;
	}
});
process.stdout.write(JSON.stringify(errors));
