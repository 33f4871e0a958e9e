import * as React from "react";
import { ErrorCard } from "./error-card.tsx";

interface State {
  readonly error: unknown;
  readonly hasFailed: boolean;
}

/** Keeps what is beside it on the page when something in it breaks, for example its code cannot be loaded. */
export class ErrorBoundary extends React.Component<{ readonly children: React.ReactNode }, State> {
  override state: State = { error: undefined, hasFailed: false };

  static getDerivedStateFromError(error: unknown): State {
    return { error, hasFailed: true };
  }

  override render(): React.ReactNode {
    const { error, hasFailed } = this.state;
    return hasFailed ? <ErrorCard error={error} retry={() => location.reload()} /> : this.props.children;
  }
}
