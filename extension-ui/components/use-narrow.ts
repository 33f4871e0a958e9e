import * as React from "react";

/** Below this the page has no room for every column. */
const query = "(max-width: 760px)";

/** Whether the page is so narrow that tables show only what matters most. Known at once, and followed. */
export function useNarrow(): boolean {
  const [isNarrow, setNarrow] = React.useState(() => window.matchMedia(query).matches);
  React.useEffect(() => {
    const media = window.matchMedia(query);
    const follow = (): void => setNarrow(media.matches);
    media.addEventListener("change", follow);
    return () => media.removeEventListener("change", follow);
  }, []);
  return isNarrow;
}
