import * as React from "react";
import type { Navigation } from "../../model/project-services.ts";
import { formatRoute, home, nextRoute, parseRoute, type Route } from "./route.ts";

/** `replace` leaves no entry of its own in the browser's history: for what changes with each key that is pressed. */
export type Go = (to: Partial<Route>, how?: "push" | "replace") => void;

/** The route of the host's address, undefined until it is known, and how to go elsewhere; back and forward are followed. */
export function useRoute(navigation: Navigation): readonly [Route | undefined, Go] {
  const [route, setRoute] = React.useState<Route>();
  const current = React.useRef(home);
  const show = React.useCallback((next: Route): void => {
    current.current = next;
    setRoute(next);
  }, []);
  React.useEffect(() => {
    navigation.onMoved((query) => show(parseRoute(query)));
    navigation.query().then(
      (query) => show(parseRoute(query)),
      () => show(home),
    );
  }, [navigation]);
  const go = React.useCallback<Go>(
    (to, how = "push") => {
      const next = nextRoute(current.current, to);
      show(next);
      navigation.go(formatRoute(next), how);
    },
    [navigation],
  );
  return [route, go];
}
