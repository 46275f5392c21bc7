import '@neural-ode/backend-cpu/register';
import { compile } from '@neural-ode/compiler';
import * as tf from '@tensorflow/tfjs-core';
import { solve, useBackend } from 'neural-ode';
await useBackend('cpu');
const v=(t,y)=>{const[a,b]=tf.unstack(y);return tf.stack([b,tf.sub(tf.mul(tf.sub(1,tf.square(a)),b),a)])};
const f=compile(v,{example:[2,0]});
for(let i=0;i<400000;i++)solve({f,y0:[2,0],t0:0,t1:0.01},{rtol:1e-5,atol:1e-5});
