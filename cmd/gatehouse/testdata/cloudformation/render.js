// render writes a template with a line for each parameter, condition, resource and output.
module.exports = template => {
  const lines = Object.entries(template).map(([section, members]) => typeof members !== 'object' || Array.isArray(members) ? ` ${JSON.stringify(section)}: ${JSON.stringify(members)}`
    : ` ${JSON.stringify(section)}: {\n${Object.entries(members).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(',\n')}\n }`);
  process.stdout.write(`{\n${lines.join(',\n')}\n}\n`);
};
