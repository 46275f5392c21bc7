// A software GPU from the npm registry alone: Chromium's SwiftShader and a Vulkan loader, which the package brings.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflate } from '@sparticuz/chromium';

/** What a process must have in its environment from its start to find it. */
export async function softwareGpu() {
  const archive = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '../bin/swiftshader.tar.br');
  const folder = await inflate(archive);
  return { LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: join(folder, 'vk_swiftshader_icd.json') };
}
