package store

//go:generate go tool odbcgen generate
