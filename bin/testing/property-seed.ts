import fc from 'fast-check';

/** Property tests try the same cases in every run: one that fails fails everywhere. PROPERTY_SEED=N tries others. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env['PROPERTY_SEED'] ?? 1) });
