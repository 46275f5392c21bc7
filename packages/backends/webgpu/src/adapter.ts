/** What of WebGPU is used here; TypeScript's DOM library does not know it everywhere. */
export interface Gpu {
  requestAdapter(options?: { readonly powerPreference?: 'low-power' | 'high-performance' }): Promise<Adapter | null>;
}

interface Adapter {
  readonly info?: AdapterInfo;
  /** Where the info does not tell yet. */
  readonly isFallbackAdapter?: boolean;
}

interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

/** A GPU, or a program that imitates one. */
export interface Device {
  /** In the driver's words. */
  readonly name: string;
  readonly software: boolean;
}

/** The navigator's; undefined where there is none. */
export function currentGpu(): Gpu | undefined {
  return (globalThis as { navigator?: { gpu?: Gpu } }).navigator?.gpu;
}

/**
 * The adapter that tfjs is going to ask for.
 *
 * @throws Error when there is none
 */
export async function findDevice(gpu: Gpu): Promise<Device> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch((error: Error) => {
    throw new Error(`navigator.gpu gives no adapter (${error.message}): ${driverMissing}`);
  });
  if (!adapter) throw new Error(`navigator.gpu gives no adapter (requestAdapter resolves to null): ${driverMissing}`);
  return {
    name: nameOf(adapter.info),
    software: adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false,
  };
}

const driverMissing =
  'there is no GPU with a driver for Vulkan, Metal or Direct3D 12, or it is blocked: install one, or use the wasm backend.';

/** Browsers leave empty what would tell a machine from another. */
function nameOf(info: AdapterInfo | undefined): string {
  if (!info) return 'unnamed GPU';
  const { vendor, architecture, device, description } = info;
  const model = description || device;
  // Deno gives PCI numbers in the place of names.
  const words = [vendor, architecture].filter((word) => /\D/.test(word) && !model.toLowerCase().includes(word));
  return [...words, model].filter(Boolean).join(' ') || 'unnamed GPU';
}
