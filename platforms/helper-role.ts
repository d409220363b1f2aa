/**
 * The door to the program that asks file systems for another (platforms/linux/guarded/), which loads nothing else.
 * Returns whether this was its start; it is over then.
 */
export async function ranAsFileSystemHelper(argument: string | undefined): Promise<boolean> {
  if (process.platform === 'linux' && argument !== undefined) {
    const { HELPER_ARGUMENT } = await import('./linux/guarded/helper-message.ts');
    if (argument !== HELPER_ARGUMENT) return false;
    const { runFileSystemHelper } = await import('./linux/guarded/file-system-helper.ts');
    runFileSystemHelper();
    return true;
  }
  return false;
}
