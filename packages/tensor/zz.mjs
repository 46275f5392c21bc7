import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + '/');
import { completeGradients } from './dist/index.js';
completeGradients();
const out = {};
const ramp = (shape, seed) => { const n = shape.reduce((a, b) => a * b, 1); return tf.tensor(Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.7 + seed)), shape); };
const conf = [];
for (const h of [5,6,7]) for (const w of [5,6]) for (const fh of [1,2,3]) for (const fw of [1,2,3]) for (const pad of ['same','valid']) for (const s of [1,2]) for (const d of s>1?[1]:[1,2]) conf.push({h,w,fh,fw,pad,s,d});
for (const b of ['cpu','wasm']) { await tf.setBackend(b); out[b] = conf.map(({h,w,fh,fw,pad,s,d}) => { 
    const x = ramp([2,h,w,2],1), k = ramp([fh,fw,2,3],2);
    const y = tf.conv2d(x,k,s,pad,'NHWC',d); const c = ramp(y.shape,3);
    const [gx,gk] = tf.grads((x,k)=>tf.sum(tf.mul(tf.conv2d(x,k,s,pad,'NHWC',d),c)))([x,k]);
    const r = { y: y.dataSync(), gx: gx.dataSync(), gk: gk.dataSync() };
    return r; }); }
const stat = {};
conf.forEach((c, i) => { for (const k of ['y','gx','gk']) { const a = out.cpu[i][k], b = out.wasm[i][k]; let e = 0; a.forEach((v, j) => { e = Math.max(e, Math.abs(v - b[j])); }); if (!(e < 1e-3)) { stat[k] = (stat[k] ?? 0) + 1; if (stat[k] < 6) console.log(JSON.stringify(c), k, e); } } });
console.log(conf.length, stat);
