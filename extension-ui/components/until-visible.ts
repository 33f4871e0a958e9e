/** Resolves when somebody looks at the page, or at once when `signal` is aborted. */
export function untilVisible(signal: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = (): void => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", settle);
      signal.removeEventListener("abort", settle);
      resolve();
    };
    document.addEventListener("visibilitychange", settle);
    signal.addEventListener("abort", settle);
  });
}
