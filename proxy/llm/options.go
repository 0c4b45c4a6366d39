package llm

// RequestOptions is what an encoder needs to know beside the request.
type RequestOptions struct {
	Model        string // the name to ask the provider for
	DefaultMax   int64  // max tokens for a protocol that demands a limit; 0 = DefaultMaxTokens
	MaxOutput    int64  // the most tokens the model writes; 0 = unknown
	Size         int    // bytes of the client's body, about what the new one will have
	NativeSchema bool   // the Anthropic target understands output_config.format
}

// DefaultMaxTokens is the output limit of a request that names none, where a limit is required.
const DefaultMaxTokens = 4096

// AnswerOptions is what an encoder of answers needs to know beside the answer.
type AnswerOptions struct {
	Model          string       // the name the client asked for; "" = the upstream's
	ID             string       // what ids are made of; "" = the upstream's id
	Created        int64        // Unix seconds
	IncludeUsage   bool         // chat streams: the client asked for the usage chunk
	EstimatedInput func() int64 // input tokens to tell while the upstream has not told any; may be nil
	Echo           []Field      // members of the request that the answer repeats
}

// ModelOr returns the name to show for an answer of the upstream's model.
func (o AnswerOptions) ModelOr(upstream string) string {
	if o.Model != "" {
		return o.Model
	}
	return upstream
}

// IDWith returns an id with the given prefix, made of the option or of the upstream's id without its own prefix.
func (o AnswerOptions) IDWith(prefix, upstream string) string {
	if o.ID != "" {
		return prefix + o.ID
	}
	return prefix + BareID(upstream)
}
