/**
 * Themes as the host hands them over. Every colour of azure-devops-ui has a light value built in, so that light needs
 * next to nothing; values of a palette are bare triplets.
 */
export type Theme = Readonly<Record<string, string>>;
export type ThemeName = "light" | "dark";

const light: Theme = {
  "background-color": "rgba(255, 255, 255, 1)",
  "text-primary-color": "rgba(0, 0, 0, .9)",
};

const neutrals = {
  100: 255,
  80: 204,
  70: 178,
  60: 153,
  30: 77,
  20: 51,
  10: 45,
  8: 41,
  6: 37,
  4: 34,
  2: 32,
  0: 30,
};

const dark: Theme = {
  "palette-primary-darkened-6": "0, 103, 181",
  "palette-primary-darkened-10": "0, 91, 161",
  "palette-primary-shade-30": "98, 171, 245",
  "palette-primary-shade-20": "134, 195, 255",
  "palette-primary-shade-10": "152, 205, 255",
  "palette-primary": "0, 120, 212",
  "palette-primary-tint-10": "50, 105, 159",
  "palette-primary-tint-20": "26, 83, 138",
  "palette-primary-tint-30": "0, 56, 107",
  "palette-primary-tint-40": "0, 32, 72",
  ...Object.fromEntries(
    Object.entries(neutrals).map(([step, grey]) => [`palette-neutral-${step}`, `${grey}, ${grey}, ${grey}`]),
  ),
  ...Object.fromEntries(
    [2, 4, 6, 8, 10, 20, 30, 60, 80].map((step) => [
      `palette-black-alpha-${step}`,
      `rgba(255, 255, 255, ${step / 100})`,
    ]),
  ),
  "palette-error": "rgba(241, 112, 123, 1)",
  "palette-error-6": "rgba(241, 112, 123, 1)",
  "palette-error-10": "rgba(255, 138, 148, 1)",
  "background-color": "rgba(30, 30, 30, 1)",
  "communication-foreground": "rgba(134, 195, 255, 1)",
  "communication-background": "rgba(0, 120, 212, 1)",
  "text-primary-color": "rgba(255, 255, 255, 1)",
  "text-secondary-color": "rgba(255, 255, 255, .7)",
  "text-disabled-color": "rgba(255, 255, 255, .5)",
  "text-on-communication-background": "rgba(255, 255, 255, 1)",
  "callout-background-color": "rgba(40, 40, 40, 1)",
  "callout-shadow-color": "rgba(0, 0, 0, .4)",
  "callout-shadow-secondary-color": "rgba(0, 0, 0, .32)",
  "panel-shadow-color": "rgba(0, 0, 0, .6)",
  "panel-shadow-secondary-color": "rgba(0, 0, 0, .5)",
  "focus-pulse-max-color": "rgba(134, 195, 255, .55)",
  "focus-pulse-min-color": "rgba(134, 195, 255, .15)",
  "third-party-icon-filter": "invert(1)",
  "status-info-foreground": "rgba(134, 195, 255, 1)",
  "status-info-background": "rgba(0, 56, 107, 1)",
  "status-error-foreground": "rgba(241, 112, 123, 1)",
  "status-error-background": "rgba(87, 26, 31, 1)",
  "status-error-text": "rgba(255, 190, 195, 1)",
  "status-error-strong": "rgba(232, 72, 85, 1)",
  "status-success-foreground": "rgba(104, 206, 120, 1)",
  "status-success-background": "rgba(22, 66, 29, 1)",
  "status-success-text": "rgba(170, 230, 180, 1)",
  "status-warning-foreground": "rgba(255, 193, 86, 1)",
  "status-warning-background": "rgba(92, 62, 0, 1)",
  "status-warning-text": "rgba(255, 224, 168, 1)",
  "status-warning-icon-foreground": "rgba(255, 193, 86, 1)",
  "component-errorBoundary-border-color": "rgba(241, 112, 123, 1)",
  "component-grid-row-hover-color": "rgba(45, 45, 45, 1)",
  "component-grid-selected-row-color": "rgba(26, 83, 138, .5)",
  "component-grid-focus-border-color": "rgba(98, 171, 245, 1)",
  "component-grid-link-selected-row-color": "rgba(152, 205, 255, 1)",
  "component-grid-link-hover-color": "rgba(152, 205, 255, 1)",
  "component-grid-action-hover-color": "rgba(60, 60, 60, 1)",
  "component-grid-action-selected-cell-hover-color": "rgba(50, 105, 159, 1)",
  "component-grid-cell-bottom-border-color": "rgba(51, 51, 51, 1)",
  "component-grid-drag-source-color": "rgba(40, 40, 40, .4)",
  "component-label-default-color": "rgba(51, 51, 51, 1)",
  "component-label-default-color-hover": "rgba(60, 60, 60, 1)",
  "component-htmlEditor-foreground-color": "rgba(255, 255, 255, 1)",
  "component-menu-selected-item-color": "rgba(60, 60, 60, 1)",
};

export const themes: Readonly<Record<ThemeName, Theme>> = { light, dark };
