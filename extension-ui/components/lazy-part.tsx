import * as React from "react";
import { ErrorBoundary } from "./error-boundary.tsx";
import { Loading } from "./loading.tsx";

/** A component whose code is loaded when it is shown first. React's types know no component as general as this one. */
export function lazyPart<Props extends object>(
  load: () => Promise<React.ComponentType<Props>>,
): React.FunctionComponent<Props> {
  const Part = React.lazy(async () => ({ default: await load() }));
  return function LazyPart(props) {
    return (
      <ErrorBoundary>
        <React.Suspense fallback={<Loading label="Loading the page" />}>
          {React.createElement(Part as unknown as React.ComponentType<Props>, props)}
        </React.Suspense>
      </ErrorBoundary>
    );
  };
}
