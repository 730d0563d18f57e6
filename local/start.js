// npm start: the framework in this process. JavaScript, so that an old Node can still say what is wrong.
import module from 'node:module';

if (!process.features.typescript) {
  process.stderr.write(
    `This is Node ${process.versions.node}, as the project's own Node is not installed: run npm ci without --ignore-scripts\n`,
  );
  process.exit(1);
}

// A second start compiles nothing anew, which saves a second.
module.enableCompileCache();

// The gateway would print a box of routes, and five lines a request; local/announce.ts has a table.
process.env.SLS_LOG_LEVEL ??= 'warning';
const { log } = console;
console.log = (...args) => {
  if (!String(args[0]).includes('┌')) log(...args);
};

// npm's shell does not pass on what ends it, so that a killed npm would leave the service running.
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.ppid === parent || !process.env.npm_lifecycle_event) return;
  clearInterval(watch);
  process.kill(process.pid, 'SIGTERM');
}, 500).unref();

process.argv.splice(2, 0, 'offline', '--noSponsor');
module.createRequire(import.meta.url)('serverless/bin/serverless.js');
