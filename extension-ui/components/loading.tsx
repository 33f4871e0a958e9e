import { Spinner, SpinnerSize } from "azure-devops-ui/Spinner";
import * as React from "react";

/** What is there sooner needs no spinner, which would only flicker. */
const PATIENCE_MS = 300;

/** Says that something is on its way, and what. */
export function Loading({ label }: { readonly label: string }): React.ReactElement {
  const [isLate, setLate] = React.useState(false);
  React.useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="hub-loading flex-row flex-center justify-center" role="status" aria-busy="true">
      {isLate && <Spinner label={label} size={SpinnerSize.large} />}
    </div>
  );
}
