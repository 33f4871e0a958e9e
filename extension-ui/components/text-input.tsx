import { FormItem } from "azure-devops-ui/FormItem";
import { TextField } from "azure-devops-ui/TextField";
import * as React from "react";

export interface TextInputProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  /** What it is for, or what is wrong with it. */
  readonly message?: string;
  readonly isWrong?: boolean;
  readonly isSecret?: boolean;
  readonly lines?: number;
}

/** A labelled field for text. Secrets are not shown and not offered to password managers. */
export function TextInput(props: TextInputProps): React.ReactElement {
  const { label, value, onChange, placeholder, message, isWrong, isSecret, lines } = props;
  return (
    <FormItem label={label} error={isWrong === true} {...(message === undefined ? {} : { message })}>
      <TextField
        ariaLabel={label}
        value={value}
        onChange={(_event, next) => onChange(next)}
        autoComplete={false}
        spellCheck={false}
        {...(placeholder === undefined ? {} : { placeholder })}
        {...(isSecret === true ? { inputType: "password" } : {})}
        {...(lines === undefined ? {} : { multiline: true, rows: lines })}
      />
    </FormItem>
  );
}
