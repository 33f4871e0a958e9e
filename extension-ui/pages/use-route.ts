import * as React from "react";
import type { Navigation } from "../model/project-services.ts";
import { formatRoute, home, parseRoute, type Route } from "./route.ts";

/** The route of the host's address, undefined until it is known, and how to go elsewhere. */
export function useRoute(navigation: Navigation): readonly [Route | undefined, (to: Partial<Route>) => void] {
  const [route, setRoute] = React.useState<Route>();
  React.useEffect(() => {
    navigation.query().then(
      (query) => setRoute(parseRoute(query)),
      () => setRoute(home),
    );
  }, [navigation]);
  const go = React.useCallback(
    (to: Partial<Route>) => {
      const next = { ...home, ...to };
      setRoute(next);
      navigation.setQuery(formatRoute(next));
    },
    [navigation],
  );
  return [route, go];
}
