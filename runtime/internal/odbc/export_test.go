package odbc

// FillCalls takes all places for native calls but those of calls under way.
func FillCalls() (free func()) {
	taken := maxCalls - len(calls)
	for range taken {
		calls <- struct{}{}
	}
	return func() {
		for range taken {
			<-calls
		}
	}
}
