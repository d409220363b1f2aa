/** Does the work with no more rights than the user has, and returns what it returns. */
type UserRights = <T>(work: () => T) => T;

let current: UserRights = (work) => work();

/** From now on files are opened by this: for a program whose executable has rights that its user has not. */
export function useUserRights(rights: UserRights): void {
  current = rights;
}

/**
 * Does the work with the user's own rights. The work must be done when it returns: rights belong to a thread, and what
 * goes on later, or on another thread, has all of them.
 */
export function withUserRights<T>(work: () => T): T {
  return current(work);
}
