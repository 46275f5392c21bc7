import '@neural-ode/backend-cpu/register';
import { compile } from '@neural-ode/compiler';


import * as tf from '@tensorflow/tfjs-core';
import { odeintVjp, solve, useBackend } from 'neural-ode';
await useBackend('cpu');
const best=(f,n=300,inner=20)=>{let b=1e9;for(let i=0;i<n;i++){const a=performance.now();for(let j=0;j<inner;j++)f();b=Math.min(b,(performance.now()-a)/inner);}return (b*1000).toFixed(2)};
const v=(t,y)=>{const[a,b]=tf.unstack(y);return tf.stack([b,tf.sub(tf.mul(tf.sub(1,tf.square(a)),b),a)])};
const f=compile(v,{example:[2,0]});
console.log('vdp solve us',best(()=>solve({f,y0:[2,0],t0:0,t1:10},{rtol:1e-5,atol:1e-5})));
console.log('vdp solve short us',best(()=>solve({f,y0:[2,0],t0:0,t1:0.01},{rtol:1e-5,atol:1e-5})));
const s=solve({f,y0:[2,0],t0:0,t1:10},{rtol:1e-5,atol:1e-5}).stats;console.log(s);
