package spec

import "slices"

// Keys returns the keys that mappings may have and those they need, by the name of
// the mapping in the JSON schema.
func Keys() (known, needed map[string][]string) {
	known, needed = map[string][]string{}, map[string][]string{}
	r := &reader{spec: &Spec{}}
	for name, fields := range map[string][]field{
		"":               r.specFields(true),
		"query":          r.queryFields(&Query{}),
		"files":          r.filesFields(&queryFiles{}),
		"bulk":           r.bulkFields(&Bulk{}),
		"override":       r.overrideFields(&Override{}),
		"set":            r.setFields(&Set{}),
		"spool":          r.spoolFields(&Spool{}),
		"procedure":      r.procedureFields(&Procedure{}),
		"procedures":     r.patternFields(&Procedures{}),
		"procedureParam": r.procedureParamFields(&ProcedureParam{}),
		"return":         r.returnFields(&ProcedureParam{}),
	} {
		known[name] = keys(fields)
		for _, f := range fields {
			if f.need {
				needed[name] = append(needed[name], f.key)
			}
		}
	}
	return known, needed
}

// Results are the words of result, SetResults those of a set, Directions those of
// direction.
var (
	Results    = slices.Concat(results, []string{Sets})
	SetResults = setResults
	Directions = wordsOfDirection
)
