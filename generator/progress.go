package generator

// Progress says how far a run has come with asking the database.
type Progress struct {
	Done, Total int    // queries and bulk inserts; at the end of the run they are the same
	Name        string // of the one that comes next, "" at the end
}

// teller returns a function to be called with the name of each of total queries
// before it is described, and with "" at the end.
func teller(progress func(Progress), total int) func(name string) {
	done := 0
	return func(name string) {
		if progress != nil {
			progress(Progress{Done: done, Total: total, Name: name})
		}
		done++
	}
}
