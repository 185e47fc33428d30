/* exit(3): the status is main()'s value & 0377: 42 gives 42. */
/* want-status: 42 */
int main(void)
{
    return 42;
}
