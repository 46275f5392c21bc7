export { type WebgpuBackendOptions, webgpuBackend } from './webgpu-backend.ts';
