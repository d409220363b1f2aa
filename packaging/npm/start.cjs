#!/usr/bin/env node
'use strict';
// Starts the program of this file's name: the bundle beside it, on the Bun that npm has installed for this system,
// with what the executables have compiled in.
const { spawn } = require('node:child_process');
const { statSync } = require('node:fs');
const { constants } = require('node:os');
const path = require('node:path');

/** Where Bun's install script has not run, its own file is a small text that says so. */
const PLACEHOLDER_MAX_BYTES = 1 << 20;
// biome-ignore format: the release puts the flags here.
const FLAGS = [/* FLAGS */];
// biome-ignore format: and the settings of the runtime here, NAME=value.
const SETTINGS = [/* SETTINGS */];

const system = process.platform === 'win32' ? 'windows' : process.platform;
const cpu = process.arch === 'arm64' ? 'aarch64' : process.arch;
const isMusl = system === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
const suffix = system === 'windows' ? '.exe' : '';
const role = path.basename(__filename, '.cjs');

function findRuntime() {
  const folders = [__dirname];
  // npm puts Bun's file for this system beside the package bun, or below it.
  const main = resolved('bun/package.json', folders);
  if (main !== undefined) folders.push(path.dirname(main));
  const names = [`@oven/bun-${system}-${cpu}${isMusl ? '-musl' : ''}/bin/bun${suffix}`, 'bun/bin/bun.exe'];
  const files = names.map((name) => resolved(name, folders));
  return files.find((file) => file !== undefined && statSync(file).size > PLACEHOLDER_MAX_BYTES);
}

function resolved(name, paths) {
  try {
    return require.resolve(name, { paths });
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    return undefined;
  }
}

const runtime = findRuntime();
if (runtime === undefined) {
  process.stderr.write(
    `${role}: npm has installed no Bun for ${system} on ${process.arch} (was --omit=optional given?)\n`,
  );
  process.exit(1);
}
const main = path.join(__dirname, '..', 'dist', 'main.js');
const settings = SETTINGS.map((text) => [
  text.slice(0, text.indexOf('=')),
  text.slice(text.indexOf('=') + 1),
]);
const child = spawn(runtime, [...FLAGS, main, ...process.argv.slice(2)], {
  stdio: 'inherit',
  argv0: role,
  env: { ...process.env, ...Object.fromEntries(settings) },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  process.stderr.write(`${role}: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
