// A network's forward pass in ONNX Runtime: the worker that `Fovea.Bench serve` starts and steers; bench/serve.py has the protocol.
// node bench/onnxruntime/serve.js FILE.onnx SIZE THREADS
'use strict';
const readline = require('readline');
const ort = require('onnxruntime-node');

const [file, size, threads] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const batches = new Map();

function batch(n) {
  if (!batches.has(n)) {
    const values = new Float32Array(n * 3 * size * size);
    for (let i = 0; i < values.length; i++) values[i] = Math.fround(Math.fround((i * 7919) % 1000 / 500) - 1);
    batches.set(n, new ort.Tensor('float32', values, [n, 3, size, size]));
  }
  return batches.get(n);
}

async function main() {
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: 'all', executionProviders: ['cpu'] });
  console.log('ready', require('onnxruntime-node/package.json').version);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line === 'logits') console.log(Array.from((await session.run({ x: batch(8) })).y.data.slice(0, 1000)).join(' '));
    else {
      const x = batch(Number(line)), cpu = process.cpuUsage(), wall = process.hrtime.bigint();
      await session.run({ x });
      const seconds = Number(process.hrtime.bigint() - wall) / 1e9, used = process.cpuUsage(cpu);
      console.log(seconds, (used.user + used.system) / 1e6);
    }
  }
}
main();
