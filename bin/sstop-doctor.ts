import { currentPlatform, loadDoctor } from '../platforms/index.ts';
import { OpError, toOpError } from '../src/kit/errors/op-error.ts';
import { compiledExecutable } from './compiled.ts';
import { EXIT_FAILURE, EXIT_OK } from './exit-codes.ts';
import { complain } from './messages.ts';
import { doctorJson } from './sstop-doctor-json.ts';
import { doctorText } from './sstop-doctor-text.ts';
import { StandardOutput } from './standard-output.ts';
import { VERSION } from './version.ts';

/** `sstop --doctor`: what can be counted here, what is missing, and how to get it. Exit code 0 whatever is found. */
export async function runDoctor(asJson: boolean): Promise<number> {
  try {
    const platform = currentPlatform();
    const doctor = await loadDoctor?.();
    if (doctor === undefined) throw new OpError({ op: 'examine this machine', code: 'ENOTSUP' });
    const found = doctor.examineLinux({ executablePath: compiledExecutable() });
    const text = asJson
      ? doctorJson(VERSION, found, doctor.capabilityLists(found.privileges))
      : doctorText(
          `sstop ${VERSION} on this machine (+ good, - lacking)`,
          doctor.doctorSections(found, (uid) => platform.userName(uid)),
        );
    await new StandardOutput().write(text);
    return EXIT_OK;
  } catch (thrown) {
    complain('sstop', toOpError('examine this machine', thrown).message);
    return EXIT_FAILURE;
  }
}
